import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Debian's PostgreSQL, which scripts/install-test-tools.sh installs. Where it is missing, a test run ends with saying so. */
const BIN = '/usr/lib/postgresql/15/bin';

/** Where Debian has it, which is not on everybody's path. */
const RUNUSER = '/usr/sbin/runuser';

export const hasPostgres = existsSync(`${BIN}/initdb`) && (process.getuid?.() !== 0 || hasUser());

/** A PostgreSQL server of a test's own, in a temporary folder, on a free port of this machine. */
export interface TestPostgres {
  /** Makes an empty database. @returns its address */
  createDatabase(name: string): Promise<string>;
  /** Ends the server, also under load: connections are cut. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes everything. */
  remove(): Promise<void>;
}

const run = promisify(execFile);

/** Makes and starts a server. Who starts it removes it. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'mememoji-postgres-'));
  await chmod(folder, 0o777);
  const data = join(folder, 'data');
  await asPostgres(`${BIN}/initdb`, ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8']);
  const startAt = (port: number): Promise<void> => {
    const options = `-p ${port} -c listen_addresses=127.0.0.1 -k ${folder} -c fsync=off -c max_connections=60`;
    const args = ['-D', data, '-o', options, '-l', join(folder, 'log'), '-w', '-t', '120', 'start'];
    return asPostgres(`${BIN}/pg_ctl`, args);
  };
  // A port that was free may be taken by another test a moment later.
  let port = await freePort();
  const firstStart = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startAt(port);
      } catch (error) {
        if (attempt === 3) throw error;
        port = await freePort();
      }
    }
  };
  const stop = (): Promise<void> => asPostgres(`${BIN}/pg_ctl`, ['-D', data, '-m', 'fast', '-w', '-t', '120', 'stop']);
  await firstStart();
  return {
    start: () => startAt(port),
    stop,
    createDatabase: async (name) => {
      await asPostgres(`${BIN}/createdb`, ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name]);
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    remove: async () => {
      await stop().catch(() => undefined); // it may be stopped already
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function asPostgres(file: string, args: readonly string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  // Its server must not inherit the pipes: it would keep them open, and `execFile` would wait for their end.
  const command = `${[file, ...args].map(quote).join(' ')} >/dev/null 2>&1`;
  if (isRoot) await run(RUNUSER, ['-u', 'postgres', '--', 'sh', '-c', command], { cwd: '/' });
  else await run('sh', ['-c', command], { cwd: '/' });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function hasUser(): boolean {
  try {
    execFileSync('id', ['postgres'], { stdio: 'ignore' });
    return existsSync(RUNUSER);
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
