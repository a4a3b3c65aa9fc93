import type { Definition } from '../context.ts';
export function defineRestore({ parent }: Definition): void {
  parent.command('restore');
}
