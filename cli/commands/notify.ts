import { Failure } from '../../contracts/failures.ts';
import { createChannels } from '../../notify/channels.ts';
import { sendTest } from '../../notify/notifier.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { exitCodeOf, toFailure } from '../failure.ts';

export function defineNotify({ parent, run }: Definition): void {
  const group = parent.command('notify').description('the channels by which people are told');
  const command = group
    .command('test')
    .argument('[channel]', 'name of a channel (default: all)')
    .description('send a trial message')
    .action(
      run((context: CommandContext, channel: string | undefined) => test(context, channel), {
        action: 'notify.test',
        subjects: (channel) => [channel ?? '(all)'],
      }),
    );
  withExamples(command, [
    ['resguardo notify test', 'by every channel of the configuration'],
    ['resguardo notify test ops', 'by one of them'],
  ]);
}

async function test(context: CommandContext, wanted: string | undefined): Promise<number> {
  const { notifications, host } = await loadContextConfiguration(context);
  const resolve = (reference: string) => resolveSecret(reference, context.env);
  const channels = createChannels(notifications, { resolve, host });
  const chosen = channels.filter(({ name }) => wanted === undefined || name === wanted);
  if (chosen.length === 0)
    throw noChannel(
      wanted,
      channels.map(({ name }) => name),
    );
  let exitCode = 0;
  const results: { readonly channel: string; readonly sent: boolean; readonly message?: string }[] = [];
  for (const channel of chosen) {
    try {
      const note = await sendTest(channel, new Date(), context.signal);
      results.push({ channel: channel.name, sent: true, ...(note === undefined ? {} : { message: note }) });
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = toFailure(error);
      exitCode = exitCodeOf(failure);
      results.push({ channel: channel.name, sent: false, message: `${failure.message}. ${failure.advice}` });
    }
  }
  const lines = results.map(
    ({ channel, sent, message }) =>
      `${channel}: ${sent ? 'sent' : 'NOT sent'}${message === undefined ? '' : `: ${message}`}`,
  );
  await context.output.result(results, lines.join('\n'));
  return exitCode;
}

function noChannel(wanted: string | undefined, names: readonly string[]): Failure {
  if (names.length === 0) {
    return new Failure('InvalidConfiguration', 'The configuration has no channel to tell people by', {
      advice:
        'Add one under notifications.channels, for example ops: {kind: slack, url: env:SLACK_WEBHOOK_URL}.',
    });
  }
  return new Failure('InvalidInput', `There is no channel "${wanted}"`, {
    advice: `There is ${names.join(', ')}.`,
  });
}
