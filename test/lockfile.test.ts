import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeMissing, findMissing, type LockedPackages } from '../scripts/complete-lockfile.ts';

describe('package-lock.json', () => {
  const text = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8');
  const { packages }: { packages: LockedPackages } = JSON.parse(text);

  it('has the packages of all platforms, without which `npm ci` refuses it (scripts/complete-lockfile.ts adds them)', () => {
    expect(Object.keys(packages).length).toBeGreaterThan(50);
    expect(findMissing(packages)).toEqual([]);
  });

  it('names no place to get packages from, so that every registry will do', () => {
    expect(text).not.toContain('"resolved": "http');
  });
});

describe('findMissing', () => {
  it('looks for a package where Node would', () => {
    const wants = { optionalDependencies: { 'b-linux-x64': '1.0.0' } };
    const missing = { name: 'b-linux-x64', version: '1.0.0', dev: false };
    expect(findMissing({ 'node_modules/a': wants })).toEqual([missing]);
    expect(findMissing({ 'node_modules/a': wants, 'node_modules/b-linux-x64': {} })).toEqual([]);
    expect(findMissing({ 'node_modules/a': wants, 'node_modules/a/node_modules/b-linux-x64': {} })).toEqual([]);
    expect(
      findMissing({ 'node_modules/c/node_modules/a': wants, 'node_modules/c/node_modules/b-linux-x64': {} }),
    ).toEqual([]);
    expect(findMissing({ 'node_modules/a': wants, 'node_modules/c/node_modules/b-linux-x64': {} })).toEqual([missing]);
    expect(findMissing({ '': wants, 'node_modules/b-linux-x64': {} })).toEqual([]);
  });
});

describe('describeMissing', () => {
  it('reads the platform in the name', () => {
    expect(describeMissing({ name: '@a/cli-linux-x64-musl', version: '1.2.3', dev: true })).toEqual({
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    });
    expect(describeMissing({ name: 'buf-linux-armv7', version: '1.2.3', dev: false })).toEqual({
      version: '1.2.3',
      cpu: ['arm'],
      optional: true,
      os: ['linux'],
    });
  });

  it('refuses what it cannot describe', () => {
    expect(() => describeMissing({ name: 'fsevents', version: '2.3.3', dev: true })).toThrow('tells no platform');
    expect(() => describeMissing({ name: 'a-linux-x64', version: '^1.0.0', dev: true })).toThrow('tells no platform');
  });
});
