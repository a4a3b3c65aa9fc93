import type { Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { defineKeyAdd, defineKeyPasswd } from './key/add.ts';
import { defineKeyList, defineKeyRemove } from './key/list.ts';

export function defineKey({ parent, ...definition }: Definition): void {
  const group = parent.command('key').description('passwords that open a repository');
  const inner = { parent: group, ...definition };
  for (const define of [defineKeyList, defineKeyAdd, defineKeyRemove, defineKeyPasswd]) define(inner);
  withExamples(group, [
    ['resguardo key list', 'the passwords of the repository of the configuration'],
    ['resguardo repo key add --new-password-file second.key --repo /srv/backup', 'one more'],
  ]);
}
