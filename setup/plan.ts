import path from 'node:path';
import type { MachineFacts, PlaceFacts } from './facts.ts';

/** What `init` will write: decided from facts alone. */
export interface SetupPlan {
  readonly host: string;
  readonly repository: {
    readonly url: string;
    /** Reference to its password. */
    readonly password: string;
    /** Comment beside it. */
    readonly remark: string;
  };
  /** File of the new key; absent when there is a password already. */
  readonly keyFile?: string;
  readonly sources: readonly PlannedSource[];
  /** Reference of a Slack webhook that is there already. */
  readonly slack?: string;
  /** What people must know: what was found and is not protected. */
  readonly notices: readonly string[];
}

export interface PlannedSource {
  readonly name: string;
  readonly remark: string;
  /** False: written as a comment, because something must be filled in first. */
  readonly active: boolean;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface PlanChoices {
  /** Folder that gets resguardo.yaml. */
  readonly folder: string;
  /** Place of the repository, when a person has chosen one. */
  readonly repository?: string;
}

const keyFileName = 'resguardo.key';

/** Rebuilt by programs by themselves, and large. */
const homeExcludes = ['.cache', 'node_modules', '__pycache__', '.Trash', '.local/share/Trash'];

export function planSetup(facts: MachineFacts, choices: PlanChoices): SetupPlan {
  const repository = planRepository(facts, choices);
  const sources = withUniqueNames([...fileSources(facts, repository.url), ...databaseSources(facts)]);
  const hasSlack = facts.variables.includes('SLACK_WEBHOOK_URL');
  return {
    host: facts.host,
    repository,
    ...(repository.password === `file:${keyFileName}`
      ? { keyFile: path.join(choices.folder, keyFileName) }
      : {}),
    sources,
    ...(hasSlack ? { slack: 'env:SLACK_WEBHOOK_URL' } : {}),
    notices: notices(facts, sources, hasSlack),
  };
}

/** Two folders may end in the same name: the second is called `name-2`. */
function withUniqueNames(sources: readonly PlannedSource[]): readonly PlannedSource[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    let { name } = source;
    for (let count = 2; taken.has(name); count += 1) name = `${source.name.slice(0, 56)}-${count}`;
    taken.add(name);
    return { ...source, name };
  });
}

function planRepository(facts: MachineFacts, choices: PlanChoices): SetupPlan['repository'] {
  const { restic } = facts;
  if (choices.repository === undefined && restic !== undefined) {
    return {
      url: restic.repository,
      password: restic.passwordFile ? `file:${path.resolve(restic.passwordFile)}` : 'env:RESTIC_PASSWORD',
      remark: 'Taken from RESTIC_REPOSITORY: snapshots of restic and of Resguardo live side by side.',
    };
  }
  const password = `file:${keyFileName}`;
  if (choices.repository !== undefined) {
    return { url: choices.repository, password, remark: 'As chosen.' };
  }
  const dataDevices = new Set(facts.folders.map(({ device }) => device));
  const place = bestPlace(facts.places, dataDevices);
  return {
    url: path.join(place?.path ?? facts.home, 'resguardo'),
    password,
    remark:
      place === undefined || dataDevices.has(place.device)
        ? 'On the same disk as the data: helps against mistakes, not against the loss of the disk. Move it to another one.'
        : 'On another disk than the data.',
  };
}

/** Another disk first, then the order in which they were looked for. */
function bestPlace(places: readonly PlaceFacts[], dataDevices: ReadonlySet<number>): PlaceFacts | undefined {
  return places.find(({ device }) => !dataDevices.has(device)) ?? places[0];
}

function fileSources(facts: MachineFacts, repositoryUrl: string): readonly PlannedSource[] {
  return facts.folders.map(({ path: folder }) => {
    const isHome = folder === '/home' || folder === '/root' || folder === facts.home;
    const inside = repositoryUrl === folder || repositoryUrl.startsWith(`${folder}/`);
    const exclude = [...(inside ? [repositoryUrl] : []), ...(isHome ? homeExcludes : [])];
    return {
      name: folder === facts.home && folder !== '/root' ? 'home' : sourceName(folder),
      remark: inside ? 'The repository itself is left out.' : remarkOf(folder, facts),
      active: true,
      value: {
        kind: 'files',
        paths: [folder],
        ...(exclude.length > 0 ? { exclude } : {}),
        ...(isHome ? { excludeCaches: true } : {}),
      },
    };
  });
}

function remarkOf(folder: string, { home }: MachineFacts): string {
  const remarks: Readonly<Record<string, string>> = {
    '/etc': 'Settings of the system and its services.',
    '/home': 'Homes of the users.',
    '/root': 'Home of root.',
    '/srv': 'Data of services.',
    '/var/www': 'Web sites.',
    '/opt': 'Programs that no package manager brought.',
    '/usr/local': 'Programs and scripts of this machine.',
    '/var/spool/cron': 'Cron jobs of the users.',
  };
  return remarks[folder] ?? (folder === home ? 'Your home.' : 'Found on this machine.');
}

/** "/var/spool/cron" → "cron"; letters that a name must not have become hyphens. */
function sourceName(folder: string): string {
  const base = path.basename(folder).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return base.replace(/^[^A-Za-z0-9]+/, '').slice(0, 60) || 'files';
}

function databaseSources({ postgres, mysql, databaseUrl }: MachineFacts): readonly PlannedSource[] {
  const byUrl: readonly PlannedSource[] =
    databaseUrl === undefined
      ? []
      : [
          {
            name: 'database',
            remark: 'The database of DATABASE_URL; the worker needs that variable, too.',
            active: true,
            value: { kind: databaseUrl, connection: 'env:DATABASE_URL' },
          },
        ];
  const found = postgres.map(({ host, port }, index) => ({
    name: index === 0 ? 'postgres' : `postgres-${port}`,
    remark: `PostgreSQL answers at ${host}, port ${port}. Make a role for backups and complete this.`,
    active: false,
    value: {
      kind: 'postgres',
      connection: { host, port, user: 'backup', password: 'env:BACKUP_DB_PASSWORD' },
    },
  }));
  const foundMysql = mysql.map(({ host, port }, index) => ({
    name: index === 0 ? 'mysql' : `mysql-${port}`,
    remark: `MySQL or MariaDB answers at ${host}, port ${port}. Make a user for backups (docs/mysql.md) and complete this.`,
    active: false,
    value: {
      kind: 'mysql',
      connection: { host, port, user: 'backup', password: 'env:BACKUP_MYSQL_PASSWORD' },
    },
  }));
  return [...byUrl, ...found, ...foundMysql];
}

function notices(
  facts: MachineFacts,
  sources: readonly PlannedSource[],
  hasSlack: boolean,
): readonly string[] {
  return [
    ...sources
      .filter(({ active }) => !active)
      .map(({ name, remark }) => `NOT protected yet: ${name}. ${remark}`),
    ...facts.others.map(({ name, where }) => `NOT protected: ${name} (${where}) is not supported yet.`),
    ...(hasSlack ? [] : ['Nobody is told when a backup fails: complete notifications in the file.']),
    ...(facts.isRoot ? [] : ['Only your own files are protected: run init as root for the whole machine.']),
  ];
}
