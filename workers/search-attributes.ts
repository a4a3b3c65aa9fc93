import { setTimeout as delay } from 'node:timers/promises';
import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { Failure } from '../contracts/failures.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

const valueTypes = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const;

/** The server needs a moment until every part of it knows a new attribute. */
const attempts = 20;
const pauseMs = 250;

/**
 * Registers our search attributes where they are missing, before a worker starts: a workflow that sets an
 * unknown one makes no progress.
 * @throws {Failure} TemporalUnavailable, with the commands that do it by hand
 */
export async function registerSearchAttributes(
  { operatorService }: NativeConnection,
  namespace: string,
): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
      const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
      if (missing.length === 0) return;
      if (attempt > attempts) throw new Error('the server does not list them');
      if (attempt === 1) {
        const added = missing.map(({ name, type }) => [name, valueTypes[type]] as const);
        await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(added) });
      } else await delay(pauseMs);
    }
  } catch (error) {
    throw notRegistered(error, namespace);
  }
}

function notRegistered(error: unknown, namespace: string): Failure {
  const commands = Object.values(searchAttributes).map(
    ({ name, type }) =>
      `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type === 'INT' ? 'Int' : 'Keyword'}`,
  );
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('TemporalUnavailable', `Cannot register the search attributes: ${reason}`, {
    advice: `Register them by hand: ${commands.join('; ')}`,
    cause: error,
  });
}
