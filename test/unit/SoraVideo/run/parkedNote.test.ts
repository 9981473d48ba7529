import { parkedNote } from '../../../../nodes/SoraVideo/run/parkedNote';

const ids = ['t1', 't2', 't3', 't4', 't5'];
const url = 'https://n8n.example.com/webhook-waiting/7/sora-video?signature=abc&x=1';

test('says what wakes the run, where to watch it, how long it may take, and which tasks they are', () => {
	expect(parkedNote({ ids, callbackExpected: true, url, estimatedSeconds: 150 }).text).toBe(
		"The execution is suspended until the tasks have ended: EvoLink's callback wakes it, or a timer if the callback is lost. " +
			'<a href="https://n8n.example.com/webhook-waiting/7/sora-video?signature=abc&amp;x=1" target="_blank">See how far they are</a>. ' +
			'EvoLink estimates 3 min. Tasks: t1, t2, t3 and 2 more.',
	);
});

test('n8n takes it for HTML: nothing that EvoLink or a setting says is markup in it', () => {
	const { text } = parkedNote({ ids: ['<img src=x>'], callbackExpected: false, silent: "'<b>' is no host" });
	expect(text).toBe(
		"The execution is suspended until the tasks have ended: a timer checks them, because '&lt;b&gt;' is no host. Tasks: &lt;img src=x&gt;.",
	);
});
