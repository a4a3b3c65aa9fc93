import type { Definition } from '../context.ts';
export function defineUp({ parent }: Definition): void {
  parent.command('up');
}
