/**
 * Adds to package-lock.json the packages for other platforms that it lacks. A registry may not have them all; npm then
 * leaves them out of the lock, and `npm ci` refuses the lock. Nothing here fetches them: each is only named, with the
 * platform for which npm shall. Run after an `npm install` that changed the lock: node scripts/complete-lockfile.ts
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of a lock's entry for a package that matters here. */
export interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

/** Where each package lies, `node_modules/a/node_modules/b`, and what it is. */
export type LockedPackages = Record<string, LockedPackage>;

/** An optional dependency that the lock has no entry for. */
export interface MissingPackage {
  name: string;
  version: string;
  dev: boolean;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS: Readonly<Record<string, string>> = { armv7: 'arm' };

export function findMissing(packages: LockedPackages): MissingPackage[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(name, path, packages))
      .map(([name, version]) => ({ name, version, dev })),
  );
}

/** Node looks beside the package, then in each folder above. */
function isLocked(name: string, path: string, packages: LockedPackages): boolean {
  if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in packages) return true;
  const above = path.lastIndexOf('/node_modules/');
  return path !== '' && isLocked(name, above === -1 ? '' : path.slice(0, above), packages);
}

/**
 * The entry of a package for one platform, which its name tells: `cli-linux-x64-musl`.
 * @throws Error where the version is a range or the name tells no platform
 */
export function describeMissing({ name, version, dev }: MissingPackage): LockedPackage {
  const words = name.split('-');
  const at = words.findIndex((word) => SYSTEMS.includes(word));
  const [os, cpu, libc] = words.slice(at);
  if (at === -1 || os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`${name}@${version} is missing in the lock, and its name tells no platform`);
  }
  const platform = { cpu: [PROCESSORS[cpu] ?? cpu], ...(dev && { dev }), ...(libc !== undefined && { libc: [libc] }) };
  return { version, ...platform, optional: true, os: [os] };
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../package-lock.json');
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(file, 'utf8'));
  const missing = findMissing(lock.packages);
  const added = missing.map((one): [string, LockedPackage] => [`node_modules/${one.name}`, describeMissing(one)]);
  const packages = Object.fromEntries(
    [...Object.entries(lock.packages), ...added].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  writeFileSync(`${file}.tmp`, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  for (const { name, version } of missing) process.stdout.write(`added ${name}@${version}\n`);
}
