import { parse } from 'node:path';
import type { AnnotationFormat } from 'mememoji/annotate';
import { STANDARD_INPUT } from './inputs.ts';

const FORMATS: Readonly<Record<string, AnnotationFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
};

/** The format in which a file of that name is written; undefined where its ending tells none. */
export function formatByName(path: string): AnnotationFormat | undefined {
  return FORMATS[parse(path).ext.toLowerCase()];
}

/**
 * Gives names to the pictures that are made of others, no two alike, also where upper and lower case are one: the name
 * of the original, `stdin` for standard input. What cannot be written in the original's format becomes PNG.
 */
export function createNamer(): (path: string) => { name: string; format: AnnotationFormat } {
  const taken = new Set<string>();
  return (path) => {
    const { name: plain, ext } = path === STANDARD_INPUT ? { name: 'stdin', ext: '' } : parse(path);
    const format = formatByName(path);
    const ending = format === undefined ? '.png' : ext;
    let name = plain + ending;
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${plain}-${i}${ending}`;
    taken.add(name.toLowerCase());
    return { name, format: format ?? 'png' };
  };
}
