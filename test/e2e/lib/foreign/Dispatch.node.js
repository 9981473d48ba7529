/** Another package's node that waits as GitHub's *Dispatch and Wait* does: for ever, until its own webhook is called. */
class Dispatch {
	description = {
		displayName: 'Dispatch',
		name: 'dispatch',
		group: ['output'],
		version: 1,
		description: 'Waits for an answer',
		defaults: { name: 'Dispatch' },
		inputs: ['main'],
		outputs: ['main'],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				responseData: '',
				path: 'dispatched',
				isFullPath: true,
				restartWebhook: true,
			},
		],
		properties: [],
	};

	async execute() {
		this.logger.info(`Dispatched by execution ${this.getExecutionId()};`);
		await this.putExecutionToWait(new Date('3000-01-01T00:00:00.000Z'));
		return [this.getInputData()];
	}

	async webhook() {
		return { workflowData: [[{ json: { answer: 'from outside' } }]] };
	}
}

module.exports = { Dispatch };
