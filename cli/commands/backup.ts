import type { Definition } from '../context.ts';
export function defineBackup({ parent }: Definition): void {
  parent.command('backup');
}
