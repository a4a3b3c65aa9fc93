import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { parseAzureLocation } from '../../../stores/azure/location.ts';

test("restic's way to write an Azure repository is understood", () => {
  assert.deepEqual(parseAzureLocation('azure:backups:/web1/main/'), {
    container: 'backups',
    prefix: 'web1/main',
  });
  assert.deepEqual(parseAzureLocation('azure:backups:/'), { container: 'backups', prefix: '' });
});

test('a container that cannot be is refused with the rule', () => {
  for (const url of ['azure:ab:/x', 'azure:Backups:/x', 'azure:a--b:/x', 'azure:backups']) {
    assert.throws(
      () => parseAzureLocation(url),
      (error) => isFailure(error, 'InvalidConfiguration') && error.advice.includes('azure:CONTAINER:/PREFIX'),
    );
  }
});
