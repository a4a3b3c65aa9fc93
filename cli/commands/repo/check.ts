import type { Definition } from '../../context.ts';
export function defineRepoCheck({ parent }: Definition): void {
  parent.command('check');
}
