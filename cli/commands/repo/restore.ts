import type { Definition } from '../../context.ts';
export function defineRepoRestore({ parent }: Definition): void {
  parent.command('restore');
}
