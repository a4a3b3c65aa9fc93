import type { MachineFacts } from '../../setup/facts.ts';

/** A small server as most are; tests change what they are about. */
export const serverFacts: MachineFacts = {
  host: 'db1',
  isRoot: true,
  home: '/root',
  postgres: [],
  mysql: [],
  others: [],
  folders: [
    { path: '/etc', device: 1 },
    { path: '/home', device: 1 },
    { path: '/srv', device: 1 },
  ],
  places: [{ path: '/srv/backup', device: 1, freeBytes: 10 ** 12 }],
  variables: [],
};
