import { decodeModel } from '@mememoji/graph/codec';
import { float32 } from '@mememoji/graph/tensor';
import { readIfThere, writeTensors } from './tensor-file.ts';

const KEY = 'mememoji.taught';

/**
 * What teachers said of a run's pictures, [pictures, classes]: asking them takes minutes, so the answers stay in the run's folder.
 * What is there of another run, or cannot be read, is asked anew.
 * @param fingerprint of the run, to which the teachers belong
 */
export async function rememberTaught(
  path: string,
  fingerprint: string,
  classes: number,
  ask: () => Promise<Float32Array>,
): Promise<Float32Array> {
  const known = await readTaught(path, fingerprint);
  if (known !== undefined) return known;
  const taught = await ask();
  const tensors = { taught: float32([taught.length / classes, classes], taught) };
  await writeTensors(path, { name: 'taught', metadata: { [KEY]: fingerprint }, tensors });
  return taught;
}

async function readTaught(path: string, fingerprint: string): Promise<Float32Array | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  try {
    const { metadata, graph } = decodeModel(bytes);
    const data = graph.initializers.get('taught')?.data;
    return metadata[KEY] === fingerprint && data instanceof Float32Array ? data : undefined;
  } catch {
    return undefined;
  }
}
