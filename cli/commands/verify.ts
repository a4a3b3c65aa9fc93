import type { Definition } from '../context.ts';
export function defineVerify({ parent }: Definition): void {
  parent.command('verify');
}
