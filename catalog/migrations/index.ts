import type { Migration } from 'kysely/migration';
import { first } from './0001-first.ts';

/** In the order of their names. A released migration is never changed: the next one is added. */
export const migrations: Readonly<Record<string, Migration>> = { '0001-first': first };
