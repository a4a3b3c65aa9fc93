/** What `init` finds on a machine. Plain data: probe.ts looks, plan.ts decides. Never holds a secret. */
export interface MachineFacts {
  readonly host: string;
  readonly isRoot: boolean;
  readonly home: string;
  readonly postgres: readonly PostgresServer[];
  readonly mysql: readonly MysqlServer[];
  /** Found and not supported yet: people must hear of it. */
  readonly others: readonly OtherService[];
  /** Folders that usually hold what cannot be made anew, and that are there. */
  readonly folders: readonly FolderFacts[];
  /** Places where a repository could lie, best first; at least one. */
  readonly places: readonly PlaceFacts[];
  /** Kind of the database that DATABASE_URL names, if it is one of ours. */
  readonly databaseUrl?: 'postgres' | 'mysql';
  /** Names of environment variables that are set: RESTIC_…, SLACK_WEBHOOK_URL. */
  readonly variables: readonly string[];
  /** Value of RESTIC_REPOSITORY without a password in it, and of RESTIC_PASSWORD_FILE. */
  readonly restic?: { readonly repository: string; readonly passwordFile?: string };
}

export interface PostgresServer {
  /** Folder of the socket, or an address. */
  readonly host: string;
  readonly port: number;
}

export interface MysqlServer {
  /** Path of the socket, or an address. */
  readonly host: string;
  readonly port: number;
}

export interface OtherService {
  /** "Docker". */
  readonly name: string;
  /** Where it was found. */
  readonly where: string;
}

export interface FolderFacts {
  readonly path: string;
  /** Number of its file system, to tell disks apart. */
  readonly device: number;
}

export interface PlaceFacts {
  /** Folder that is there and can be written to. */
  readonly path: string;
  readonly device: number;
  readonly freeBytes: number;
}
