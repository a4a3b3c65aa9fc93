import { type Check, ok } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'channel';

/** For each channel: whether it could send, as far as that can be known without sending. */
export function channelChecks({ channels }: DoctorContext): readonly Check[] {
  return channels.map((channel) => ({
    check,
    subject: channel.name,
    async run(signal) {
      const message = await channel.verify(signal);
      return [ok(check, channel.name, `${message} Try it: resguardo notify test ${channel.name}`)];
    },
  }));
}
