// Generated from spec/evolink-sora.openapi.yaml by `npm run generate`. Do not edit.

import { Sora2PreviewRequestSchema, Sora2ProPreviewRequestSchema, SoraCharacterRequestSchema } from './spec.gen';
import { zSora2PreviewRequest, zSora2ProPreviewRequest, zSoraCharacterRequest } from './zod.gen';

/** The rules of each documented model: the JSON schema of its request, and the check of a whole body. */
export const MODEL_REQUESTS = {
	'sora-2-preview': { schema: Sora2PreviewRequestSchema, request: zSora2PreviewRequest },
	'sora-2-pro-preview': { schema: Sora2ProPreviewRequestSchema, request: zSora2ProPreviewRequest },
	'sora-character': { schema: SoraCharacterRequestSchema, request: zSoraCharacterRequest },
} as const;
