import { homedir, hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isFailure } from '../../contracts/failures.ts';
import { randomKeyCost } from '../../repository/crypto/key-derivation.ts';
import { Repository } from '../../repository/repository.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { configurationText } from '../../setup/configuration-text.ts';
import { planSetup, type SetupPlan } from '../../setup/plan.ts';
import { probeMachine } from '../../setup/probe.ts';
import { type SetupKey, type WrittenSetup, writeSetup } from '../../setup/write.ts';
import { storeOf } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';

interface Options {
  readonly repo?: string;
  readonly dryRun?: boolean;
}

export function defineInit({ parent, run }: Definition): void {
  const command = parent
    .command('init')
    .description(
      'look at this machine; write resguardo.yaml, a key and a recovery sheet; create the repository',
    )
    .option('-r, --repo <url>', 'place of the repository (default: the best that is found)')
    .option('--dry-run', 'show the configuration, and write nothing')
    .action(run(init));
  withExamples(command, [
    ['resguardo init --dry-run', 'see what would be protected'],
    ['resguardo init --repo /mnt/backup/resguardo', 'with the repository on another disk'],
    ['resguardo init --config /etc/resguardo/resguardo.yaml', 'for the whole machine'],
  ]);
}

async function init(context: CommandContext, options: Options): Promise<number> {
  const { env, cwd, signal, output } = context;
  const file = resolve(cwd, context.configFile ?? env.RESGUARDO_CONFIG ?? 'resguardo.yaml');
  const facts = await probeMachine({
    env,
    host: hostname(),
    home: env.HOME ?? homedir(),
    isRoot: process.getuid?.() === 0,
    signal,
  });
  const plan = planSetup(facts, {
    folder: dirname(file),
    ...(options.repo === undefined ? {} : { repository: absoluteUrl(options.repo, cwd) }),
  });
  if (options.dryRun === true) {
    await output.result({ file, plan }, configurationText(plan).trimEnd());
    for (const notice of plan.notices) output.note(notice);
    return 0;
  }
  const written = await writeSetup({
    plan,
    configurationFile: file,
    date: new Date(),
    createRepository: async (key) =>
      createOrOpen(
        context,
        plan,
        key ?? { secret: await resolveSecret(plan.repository.password, env), isNew: false },
      ),
  });
  const { configurationFile, keyFile, sheetFile } = written;
  const { repository, notices } = plan;
  const document = { configurationFile, keyFile, sheetFile, repository: repository.url, notices };
  await output.result(document, renderWritten(plan, written));
  return 0;
}

/** A repository that is there already is used, if its password is the right one. */
async function createOrOpen(
  context: CommandContext,
  { repository: { url } }: SetupPlan,
  { secret, isNew }: SetupKey,
): Promise<void> {
  try {
    const store = await storeOf(context, { url });
    await (await Repository.init(store, secret, isNew ? { scryptCost: randomKeyCost } : {})).close();
  } catch (error) {
    if (!isFailure(error, 'RepositoryExists')) throw error;
    await (await Repository.open(await storeOf(context, { url }), secret)).close();
  }
}

function absoluteUrl(url: string, cwd: string): string {
  return /^[a-z0-9]{2,}:/.test(url) ? url : resolve(cwd, url);
}

function renderWritten(plan: SetupPlan, { configurationFile, keyFile, sheetFile }: WrittenSetup): string {
  const active = plan.sources.filter((source) => source.active).map(({ name }) => name);
  return [
    `Configuration   ${configurationFile}`,
    ...(keyFile === undefined
      ? []
      : [`Key             ${keyFile} (mode 600; without it nobody can read the backups)`]),
    `Recovery sheet  ${sheetFile} (print it, keep it elsewhere, then delete it)`,
    `Repository      ${plan.repository.url}. ${plan.repository.remark}`,
    `Protected       ${active.join(', ') || 'nothing yet'}`,
    '',
    ...plan.notices.map((notice) => `! ${notice}`),
    ...(plan.notices.length > 0 ? [''] : []),
    'Next:',
    '  resguardo doctor             # look whether all is there',
    '  resguardo up                 # Temporal and a worker, until Ctrl-C',
    '  resguardo backup --all       # in a second terminal',
  ].join('\n');
}
