import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';

/** Every server takes this much in one request; more is its own choice. */
const pieceBytes = 32 * 1024;

/** Requests of one file under way at once: 2 MiB, which fills 100 ms at 20 MB/s. */
const piecesInFlight = 64;

/** Promises of the SFTP requests that a store needs, many of them under way at once. */
export class SftpSession {
  readonly #sftp: SFTPWrapper;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
  }

  open(path: string, mode: 'r' | 'wx'): Promise<Buffer> {
    return this.#call((done) => this.#sftp.open(path, mode, { mode: 0o600 }, done));
  }

  close(handle: Buffer): Promise<void> {
    return this.#run((done) => this.#sftp.close(handle, done));
  }

  stat(path: string): Promise<Stats> {
    return this.#call((done) => this.#sftp.stat(path, done));
  }

  fstat(handle: Buffer): Promise<Stats> {
    return this.#call((done) => this.#sftp.fstat(handle, done));
  }

  mkdir(path: string): Promise<void> {
    return this.#run((done) => this.#sftp.mkdir(path, { mode: 0o700 }, done));
  }

  unlink(path: string): Promise<void> {
    return this.#run((done) => this.#sftp.unlink(path, done));
  }

  /** Fails if the new name is taken (draft-ietf-secsh-filexfer-02, 6.5). */
  rename(from: string, to: string): Promise<void> {
    return this.#run((done) => this.#sftp.rename(from, to, done));
  }

  readdir(path: string): Promise<readonly FileEntryWithStats[]> {
    return this.#call((done) => this.#sftp.readdir(path, done));
  }

  /** Has the server put the file on its disk, if it knows OpenSSH's request for that. */
  async fsync(handle: Buffer): Promise<void> {
    try {
      await this.#run((done) => this.#sftp.ext_openssh_fsync(handle, done));
    } catch (error) {
      if (!(error instanceof Error && /not support|unsupported/i.test(error.message))) throw error;
    }
  }

  /** Free bytes of the file system for users; undefined if the server does not tell. */
  async freeBytes(path: string): Promise<number | undefined> {
    try {
      const found = await this.#call<{ readonly f_bavail: number; readonly f_frsize: number }>((done) =>
        // The types of ssh2 do not know what it passes.
        this.#sftp.ext_openssh_statvfs(path, done as never),
      );
      return Number(found.f_bavail) * Number(found.f_frsize);
    } catch {
      return undefined;
    }
  }

  /** Writes the parts from the start of the file. */
  async write(handle: Buffer, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
    await inFlight(piecesOf(parts), signal, ({ bytes, position }) =>
      this.#run((done) => this.#sftp.write(handle, bytes, 0, bytes.length, position, done)),
    );
  }

  /** Fills the buffer from a position; resolves to the number of bytes that there were. */
  async read(handle: Buffer, { bytes, position }: Piece, signal: AbortSignal | undefined): Promise<number> {
    let end = bytes.length;
    await inFlight(piecesOf([bytes]), signal, async (piece) => {
      const got = await this.#readPiece(handle, { bytes: piece.bytes, position: position + piece.position });
      if (got < piece.bytes.length) end = Math.min(end, piece.position + got);
    });
    return end;
  }

  /** A server may send less than was asked for. */
  async #readPiece(handle: Buffer, { bytes, position }: Piece): Promise<number> {
    for (let done = 0; done < bytes.length; ) {
      const got = await this.#readOnce(handle, { bytes: bytes.subarray(done), position: position + done });
      if (got === 0) return done;
      done += got;
    }
    return bytes.length;
  }

  #readOnce(handle: Buffer, { bytes, position }: Piece): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#sftp.read(handle, bytes, 0, bytes.length, position, (error, got) => {
        if (error === undefined || error === null) resolve(got);
        else if ('code' in error && error.code === endOfFile) resolve(0);
        else reject(error);
      });
    });
  }

  #run(request: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      request((error) => (error ? reject(error) : resolve()));
    });
  }

  #call<T>(request: (done: (error: Error | undefined, result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      request((error, result) => (error ? reject(error) : resolve(result)));
    });
  }
}

/** SSH_FX_EOF */
const endOfFile = 1;

interface Piece {
  readonly bytes: Buffer;
  readonly position: number;
}

function* piecesOf(parts: readonly Uint8Array[]): Generator<Piece> {
  let position = 0;
  for (const part of parts) {
    for (let start = 0; start < part.length; start += pieceBytes) {
      const slice = part.subarray(start, start + pieceBytes);
      yield { bytes: Buffer.from(slice.buffer, slice.byteOffset, slice.byteLength), position };
      position += slice.length;
    }
  }
}

/** Works on the pieces, so many at once; after a failure or an abort no further one is begun. */
async function inFlight(
  pieces: Iterator<Piece> & Iterable<Piece>,
  signal: AbortSignal | undefined,
  work: (piece: Piece) => Promise<void>,
): Promise<void> {
  let failed = false;
  const lane = async (): Promise<void> => {
    try {
      for (const piece of pieces) {
        if (failed) return;
        signal?.throwIfAborted();
        await work(piece);
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: piecesInFlight }, lane));
}
