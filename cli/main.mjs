// The entry of the command line, in plain JavaScript: Node keeps compiled code between runs, and with it the
// TypeScript that it stripped of types. To strip even one file, it would load its compiler, which takes 40 ms.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// The folder is the user's own, because code in it is trusted.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'resguardo', 'code'));
await import('./main.ts');
