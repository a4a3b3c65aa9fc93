import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { ResolvedHost } from '../contracts/jobs.ts';
import type { InspectionResult, InspectionRunResult } from '../contracts/scheduled-jobs.ts';
import { lookUp, stepsOn } from './options.ts';
import { runStory, type Story } from './story.ts';

/**
 * Looks at repositories, keys and state for what nobody should have changed and for what is missing: modes,
 * keys, vanished snapshots, freshness, space. What it finds is a result, told to people once; the run itself
 * fails only where nothing could be looked at.
 */
export async function securityMonitoring(rawInput: unknown): Promise<InspectionRunResult> {
  return await inspect(
    rawInput,
    'securityMonitoring',
    async (steps, at) => await steps.monitorSecurity({ at }),
  );
}

/** Compares what there is with what the policies promise: retention, freshness, encryption, copies, checks. */
export async function complianceCheck(rawInput: unknown): Promise<InspectionRunResult> {
  return await inspect(rawInput, 'complianceCheck', async (steps, at) => await steps.checkCompliance({ at }));
}

type Look = (steps: ReturnType<typeof stepsOn>, at: string) => Promise<InspectionResult>;

async function inspect(
  rawInput: unknown,
  workflow: 'securityMonitoring' | 'complianceCheck',
  look: Look,
): Promise<InspectionRunResult> {
  return await runStory(rawInput, {
    workflow,
    schema: scheduledInputSchema,
    subject: () => 'every repository',
    schedule: ({ schedule }) => schedule,
    body: async (story) => {
      const found = await look(stepsOn(await home(story)), story.now());
      story.know({ note: describe(found) });
      const result = { ...found, startedAt: story.startedAt, finishedAt: story.now() };
      return { result, status: 'done' };
    },
  });
}

/** The host that reaches every repository, and keeps the state of Resguardo. */
export async function home(story: Story): Promise<ResolvedHost> {
  story.mark('run');
  const place = await lookUp.resolveHost();
  story.know({ host: place.host });
  story.enter('inspect');
  return place;
}

function describe({ checked, criticals, warnings, notices }: InspectionResult): string {
  return `${checked} checks: ${criticals} critical, ${warnings} warnings, ${notices} notices`;
}
