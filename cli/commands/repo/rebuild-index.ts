import type { Definition } from '../../context.ts';
export function defineRepoRebuildIndex({ parent }: Definition): void {
  parent.command('rebuild-index');
}
