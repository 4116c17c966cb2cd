import { readFile } from 'node:fs/promises';
import { encodeModel } from '@mememoji/graph/codec';
import type { Values } from '@mememoji/graph/session';
import { writeWhole } from './files.ts';

/** Writes tensors as the initializers of an ONNX file without nodes, so that any ONNX viewer opens it. */
export async function writeTensors(
  path: string,
  { name, metadata, tensors }: { name: string; metadata: Readonly<Record<string, string>>; tensors: Values },
): Promise<void> {
  const bytes = encodeModel({
    irVersion: 8,
    producer: 'mememoji',
    producerVersion: '',
    opsets: { '': 17 },
    metadata,
    graph: { name, inputs: [], outputs: [], initializers: new Map(Object.entries(tensors)), nodes: [] },
  });
  await writeWhole(path, [bytes]);
}

/** The bytes of a file, or undefined where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
