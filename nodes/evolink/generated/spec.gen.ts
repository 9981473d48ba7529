// Generated from spec/evolink-sora.openapi.yaml by `npm run generate`. Do not edit.

/** The request fields of each model that the OpenAPI file describes, by id. */
export const DOCUMENTED_FIELDS = {
	"sora-2-preview": {
		"model": {
			"type": "string",
			"required": true,
			"enum": [
				"sora-2-preview"
			]
		},
		"prompt": {
			"type": "string",
			"required": true,
			"minLength": 1,
			"maxLength": 5000,
			"allowed": "1 to 5000 characters"
		},
		"aspect_ratio": {
			"type": "string",
			"description": "Shape of the video.",
			"enum": [
				"16:9",
				"9:16",
				"1280x720",
				"720x1280"
			],
			"enumDescriptions": {
				"16:9": "Landscape",
				"9:16": "Portrait",
				"1280x720": "Landscape, exact pixels",
				"720x1280": "Portrait, exact pixels"
			}
		},
		"duration": {
			"type": "integer",
			"description": "Length of the video in seconds. Longer videos cost more.",
			"enum": [
				4,
				8,
				12
			],
			"enumDescriptions": {
				"4": "4 seconds",
				"8": "8 seconds",
				"12": "12 seconds"
			},
			"default": 4
		},
		"image_urls": {
			"type": "string[]",
			"maxItems": 1,
			"format": "uri",
			"pattern": "^https?://",
			"allowed": "at most 1 http or https URL"
		},
		"callback_url": {
			"type": "string",
			"maxLength": 2048,
			"format": "uri",
			"pattern": "^https://",
			"allowed": "an http or https URL"
		}
	},
	"sora-2-pro-preview": {
		"model": {
			"type": "string",
			"required": true,
			"enum": [
				"sora-2-pro-preview"
			]
		},
		"prompt": {
			"type": "string",
			"required": true,
			"minLength": 1,
			"maxLength": 5000,
			"allowed": "1 to 5000 characters"
		},
		"aspect_ratio": {
			"type": "string",
			"description": "Shape of the video.",
			"enum": [
				"16:9",
				"9:16"
			],
			"enumDescriptions": {
				"16:9": "Landscape",
				"9:16": "Portrait"
			}
		},
		"duration": {
			"type": "integer",
			"description": "Length of the video in seconds. The price follows it.",
			"enum": [
				4,
				8,
				12
			],
			"enumDescriptions": {
				"4": "4 seconds",
				"8": "8 seconds",
				"12": "12 seconds"
			}
		},
		"quality": {
			"type": "string",
			"description": "Picture quality. 1080p costs 1.667 times the price of 720p.",
			"enum": [
				"720p",
				"1080p"
			],
			"enumDescriptions": {
				"720p": "Standard price",
				"1080p": "1.667 times the price of 720p"
			}
		},
		"image_urls": {
			"type": "string[]",
			"maxItems": 1,
			"format": "uri",
			"pattern": "^https?://",
			"allowed": "at most 1 http or https URL"
		},
		"callback_url": {
			"type": "string",
			"maxLength": 2048,
			"format": "uri",
			"pattern": "^https://",
			"allowed": "an http or https URL"
		}
	},
	"sora-character": {
		"model": {
			"type": "string",
			"required": true,
			"enum": [
				"sora-character"
			]
		},
		"video_url": {
			"type": "string",
			"required": true,
			"format": "uri",
			"pattern": "^https?://",
			"allowed": "an http or https URL"
		},
		"timestamps": {
			"type": "string",
			"pattern": "^\\d+(\\.\\d+)?(,\\d+(\\.\\d+)?)+$",
			"allowed": "Points in the video, in seconds, separated by commas, between which the character is taken from the video; from first to last at most 2 seconds."
		}
	}
} as const;

/** What is checked in a request for a model of which nothing is known. */
export const CUSTOM_FIELDS = {
	"model": {
		"type": "string",
		"required": true,
		"minLength": 1,
		"allowed": "Any other model id that the key may use."
	},
	"prompt": {
		"type": "string",
		"allowed": "Text of any length; some models take none."
	},
	"callback_url": {
		"type": "string",
		"maxLength": 2048,
		"format": "uri",
		"pattern": "^https://",
		"allowed": "an http or https URL"
	}
} as const;

/** Facts about the API that JSON Schema cannot express: what is read of the `x-evolink` part of the spec. */
export const evolinkFacts = {
	"defaultModel": "sora-2-preview",
	"models": {
		"sora-2-preview": {
			"label": "Sora 2 Preview",
			"description": "The usual choice; with four aspect ratios",
			"operation": "generate"
		},
		"sora-2-pro-preview": {
			"label": "Sora 2 Pro Preview",
			"description": "Renders 1080p, too. It is not in EvoLink's price list, so it may be refused.",
			"operation": "generate"
		},
		"sora-character": {
			"label": "Sora Character",
			"description": "EvoLink's documentation and price list no longer have the character model, so it may be refused",
			"operation": "character"
		}
	},
	"standingNote": "OpenAI switched off its own Sora models on 2026-09-24. EvoLink still listed Sora after that day, but may refuse it at any time.",
	"moderationNote": "Moderation is strict, and images of real people are not supported; such tasks fail.",
	"imageInput": {
		"maxBytes": 10485760,
		"mimeTypes": [
			"image/jpeg",
			"image/png",
			"image/webp"
		],
		"extensions": [
			".jpg",
			".jpeg",
			".png",
			".webp"
		],
		"exactPixels": {
			"models": [
				"sora-2-preview"
			],
			"sizes": {
				"1280x720": {
					"width": 1280,
					"height": 720
				},
				"720x1280": {
					"width": 720,
					"height": 1280
				},
				"16:9": {
					"width": 1280,
					"height": 720
				},
				"9:16": {
					"width": 720,
					"height": 1280
				}
			}
		}
	},
	"characterVideo": {
		"extensions": [
			".mp4",
			".mov",
			".webm"
		],
		"mimeTypes": [
			"video/mp4",
			"video/quicktime",
			"video/webm"
		],
		"timestamps": {
			"default": "0,2",
			"minPoints": 2,
			"maxSpanSeconds": 2
		}
	},
	"quality": {
		"standard": "720p",
		"priceFactors": {
			"720p": 1,
			"1080p": 1.667
		}
	},
	"results": {
		"exampleEstimateSeconds": 300,
		"linkLifetimeHours": 24,
		"places": [
			"results",
			"result_data",
			"output",
			"videos"
		],
		"videoFields": [
			"video_url",
			"url"
		],
		"otherFields": [
			"image_url",
			"audio_url",
			"profile_picture_url"
		]
	},
	"upload": {
		"clientMaxBytes": 99614720,
		"lifetimeHours": 72,
		"maxFiles": {
			"default": 100,
			"vip": 500
		},
		"quotaCode": "40003"
	},
	"callback": {
		"maxLength": 2048,
		"events": [
			"completed",
			"failed",
			"cancelled"
		],
		"eventDescriptions": {
			"completed": "The video is ready",
			"failed": "The task failed",
			"cancelled": "The task was cancelled"
		}
	},
	"task": {
		"idPrefix": "task-unified-",
		"endStatuses": {
			"completed": [
				"completed",
				"succeeded",
				"success",
				"succeed",
				"done"
			],
			"failed": [
				"failed",
				"error",
				"expired",
				"timeout",
				"rejected"
			],
			"cancelled": [
				"cancelled",
				"canceled",
				"cancelled on request"
			]
		},
		"cancelledFailureCode": "request_cancelled",
		"perRead": 50,
		"perPage": 50,
		"listStatuses": [
			"cancelled",
			"completed",
			"failed",
			"processing"
		]
	},
	"catalogue": {
		"protocol": "evolink-video-generations",
		"retired": "retired",
		"available": "available",
		"noVideo": [
			"kling-custom-element"
		]
	},
	"idempotency": {
		"requestHeader": "Idempotency-Key",
		"runIdHeader": "X-Evo-Run-Id",
		"replayedHeader": "Idempotency-Replayed"
	},
	"requestIdHeaders": [
		"x-request-id",
		"x-oneapi-request-id"
	],
	"taskFailures": {
		"content_policy_violation": {
			"retryable": false,
			"advice": "Change the prompt or the image. Real people, celebrities, brands, nudity and violence are refused."
		},
		"invalid_parameters": {
			"retryable": false,
			"advice": "Check the prompt's length, the image's size and format, and the video's duration."
		},
		"image_processing_error": {
			"retryable": false,
			"advice": "Use a JPEG, PNG or WebP that is publicly reachable, or pass the image as a binary so that it is uploaded."
		},
		"image_dimension_mismatch": {
			"retryable": false,
			"advice": "Resize the image to exactly the pixels that the aspect ratio names, such as 1280x720."
		},
		"request_cancelled": {
			"retryable": false,
			"advice": "Start a new task if the video is still wanted."
		},
		"resource_not_found": {
			"retryable": false,
			"advice": "Check the task ID. Old tasks are deleted by EvoLink."
		},
		"generation_failed_no_content": {
			"retryable": false,
			"advice": "Word the prompt differently. The same request may also succeed later."
		},
		"service_error": {
			"retryable": true,
			"advice": "Wait 30 to 60 seconds before starting a new task."
		},
		"generation_timeout": {
			"retryable": true,
			"advice": "Start a new task later, or ask for something simpler or shorter."
		},
		"resource_exhausted": {
			"retryable": true,
			"advice": "Wait 1 to 5 minutes before starting a new task."
		},
		"quota_exceeded": {
			"retryable": true,
			"advice": "Check the credits, leave 1 to 2 seconds between requests, and run fewer tasks at a time."
		},
		"service_unavailable": {
			"retryable": true,
			"advice": "Wait a few minutes before starting a new task."
		},
		"unknown_error": {
			"retryable": false,
			"advice": "Ask EvoLink's support, naming the task ID."
		}
	},
	"httpFailures": {
		"40001": {
			"advice": "Use a smaller file. EvoLink takes images up to 10 MB and other files up to 100 MB."
		},
		"40002": {
			"advice": "Use a JPEG, PNG or WebP image. If EvoLink does not take a video file, give its public URL instead."
		},
		"40003": {
			"advice": "EvoLink keeps each uploaded file for 72 hours, and at most 100 of them (VIP accounts 500). Wait until older ones expire, or give a public URL instead of a file."
		},
		"40004": {
			"advice": "Check that the URL is public and leads straight to the file."
		},
		"50001": {
			"advice": "Try again in some minutes."
		}
	},
	"httpErrorCodes": {
		"balance": [
			"insufficient_quota",
			"insufficient_user_quota",
			"quota_not_enough",
			"account_balance_insufficient"
		],
		"quota": [
			"quota_exceeded"
		],
		"keyLimit": [
			"insufficient_token_quota",
			"key_quota_exhausted"
		],
		"keyDailyLimit": [
			"token_daily_quota_exceeded",
			"key_daily_quota_exhausted"
		],
		"keyState": [
			"unauthorized",
			"invalid_token",
			"key_disabled",
			"key_expired",
			"ip_restricted",
			"user_disabled"
		],
		"modelAccess": [
			"model_access_denied",
			"key_model_not_allowed"
		],
		"content": [
			"content_policy_violation",
			"content_filter",
			"sensitive_content",
			"moderation_blocked",
			"input_moderation_failed"
		],
		"availability": [
			"no_available_channel",
			"model_unavailable",
			"channel_selection_failed",
			"model_not_found"
		],
		"input": [
			"invalid_request",
			"invalid_parameter",
			"invalid_parameters",
			"invalid_media_url"
		],
		"submission": [
			"idempotency_conflict",
			"paid_outcome_unknown"
		],
		"task": [
			"invalid_task_id",
			"task_not_found",
			"permission_denied"
		],
		"rateLimit": [
			"rate_limit_exceeded"
		],
		"server": [
			"internal_error",
			"service_unavailable"
		]
	},
	"uncharged": {
		"groups": [
			"balance",
			"keyLimit",
			"keyDailyLimit"
		],
		"codes": [
			"key_disabled",
			"key_expired",
			"key_model_not_allowed",
			"user_disabled"
		]
	},
	"capacity": {
		"words": "no available service",
		"advice": "EvoLink has no room for another task at the moment: run this again in some minutes, or take another model."
	},
	"pricing": {
		"asOf": "2026-10-10",
		"creditsPerUsd": 68,
		"unitsPerCredit": 10000,
		"models": {
			"sora-2-preview": {
				"creditsPerSecond": 5.76,
				"minimumCredits": 23.04
			},
			"sora-character": {
				"creditsPerCall": 0.1
			}
		},
		"extras": [
			{
				"field": "n",
				"usual": 1
			},
			{
				"field": "web_search",
				"usual": false
			},
			{
				"field": "content_filter",
				"usual": true
			}
		]
	}
} as const;

/** Default base URLs, without a slash at the end. */
export const API_SERVERS = {
	"api": "https://api.evolink.ai",
	"files": "https://files-api.evolink.ai"
} as const;

/** HTTP method, server and path template by operationId, of those that are called. */
export const PATHS = {
	"createVideoTask": {
		"method": "POST",
		"server": "api",
		"path": "/v1/videos/generations"
	},
	"listTasks": {
		"method": "GET",
		"server": "api",
		"path": "/v1/tasks"
	},
	"getTask": {
		"method": "GET",
		"server": "api",
		"path": "/v1/tasks/{task_id}"
	},
	"getTasks": {
		"method": "POST",
		"server": "api",
		"path": "/v1/tasks/batch"
	},
	"listModels": {
		"method": "GET",
		"server": "api",
		"path": "/v1/models"
	},
	"listCatalogueModels": {
		"method": "GET",
		"server": "api",
		"path": "/v1/catalog/models"
	},
	"listModelHealth": {
		"method": "GET",
		"server": "api",
		"path": "/v1/catalog/health"
	},
	"listPricingRules": {
		"method": "GET",
		"server": "api",
		"path": "/v1/catalog/pricing-rules"
	},
	"getPricingRules": {
		"method": "GET",
		"server": "api",
		"path": "/v1/catalog/models/{model_id}/pricing-rules"
	},
	"getCredits": {
		"method": "GET",
		"server": "api",
		"path": "/v1/credits"
	},
	"uploadFileStream": {
		"method": "POST",
		"server": "files",
		"path": "/api/v1/files/upload/stream"
	},
	"deleteFile": {
		"method": "DELETE",
		"server": "files",
		"path": "/api/v1/files/{file_id}"
	}
} as const;
