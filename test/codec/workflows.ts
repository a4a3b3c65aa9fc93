import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertMemo,
} from '@temporalio/workflow';

export interface CanaryActivities {
  echo(text: string): Promise<string>;
  fail(text: string): Promise<void>;
}

const { echo, fail } = proxyActivities<CanaryActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
});

export const word = defineSignal<[string]>('word');
export const words = defineQuery<string[]>('words');
export const add = defineUpdate<string, [string]>('add');

/** Sends its input through everything that Temporal stores, and fails with it if it is asked to. */
export async function canary(input: { text: string; fail: boolean }): Promise<string> {
  const heard: string[] = [];
  setHandler(word, (text) => void heard.push(text));
  setHandler(words, () => heard);
  setHandler(add, (text) => {
    heard.push(text);
    return text;
  });
  upsertMemo({ later: input.text });
  setCurrentDetails(input.text);
  await sleep(1, { summary: input.text });
  await condition(() => heard.length === 2);
  const answer = await echo(input.text);
  if (!input.fail) return answer;
  try {
    await fail(input.text);
  } catch (error) {
    throw ApplicationFailure.create({
      message: `gave up: ${input.text}`,
      details: [input.text],
      cause: error as Error,
    });
  }
  return answer;
}

export async function plain(input: { source: string }): Promise<{ source: string }> {
  return { source: input.source };
}
