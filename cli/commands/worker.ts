import type { Definition } from '../context.ts';
export function defineWorker({ parent }: Definition): void {
  parent.command('worker');
}
