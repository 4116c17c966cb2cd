import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeExplanation, inlineValues, type Store } from '@mememoji/train/explain/data';
import { drawParts, drawSheet } from '@mememoji/train/explain/draw/sheet';
import type { Explainer, ExplainOptions } from '@mememoji/train/explain/explainer';
import type { Explanation } from '@mememoji/train/explain/explanation';
import { cropFace } from '@mememoji/train/explain/face-crop';
import { writeNpy } from '@mememoji/train/npy';
import type { PixelImage } from '@mememoji/vision/image';
import type { Face } from '@mememoji/vision/result';

/** `png`: pictures. `json`: one file with all numbers. `npy`: the numbers as NumPy arrays, and a JSON file that names them. */
export const EXPLANATION_FORMATS = ['png', 'json', 'npy'] as const;

export type ExplanationFormat = (typeof EXPLANATION_FORMATS)[number];

/** A face to explain, and how. */
export interface Subject {
  explainer: Explainer;
  settings: ExplainOptions;
  image: PixelImage;
  face: Face;
}

/** Explains a face and writes what was found into a new folder; gives the names of the files. */
export async function writeExplanation(
  { explainer, settings, image, face }: Subject,
  folder: string,
  { formats, title }: { formats: readonly ExplanationFormat[]; title: string },
): Promise<{ explanation: Explanation; files: string[] }> {
  const { pixels, photo } = cropFace(image, face, explainer.spec);
  const explanation = await explainer.explain(pixels, settings);
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  if (formats.includes('png')) files.push(...(await writePictures(explanation, photo, folder, title)));
  if (formats.includes('npy')) files.push(...(await writeArrays(explanation, face, folder)));
  if (formats.includes('json')) {
    files.push(await writeDescription('explanation.json', explanation, face, folder, inlineValues));
  }
  return { explanation, files };
}

async function writePictures(
  explanation: Explanation,
  photo: PixelImage,
  folder: string,
  title: string,
): Promise<string[]> {
  const drawings = [await drawSheet(explanation, photo, title), ...(await drawParts(explanation, photo))];
  for (const { name, png } of drawings) await writeFile(join(folder, `${name}.png`), png);
  return drawings.map(({ name }) => `${name}.png`);
}

async function writeArrays(explanation: Explanation, face: Face, folder: string): Promise<string[]> {
  const arrays: { file: string; shape: number[]; data: Float32Array }[] = [];
  const store: Store = (name, shape, data) => {
    const file = `${name}.npy`;
    arrays.push({ file, shape: [...shape], data });
    return { file };
  };
  const description = await writeDescription('arrays.json', explanation, face, folder, store);
  for (const { file, shape, data } of arrays) await writeNpy(join(folder, file), { dtype: 'float32', shape, data });
  return [...arrays.map(({ file }) => file), description];
}

async function writeDescription(
  file: string,
  explanation: Explanation,
  face: Face,
  folder: string,
  store: Store,
): Promise<string> {
  const { id, box, detection } = face;
  const content = { face: { id, box, detection }, ...describeExplanation(explanation, store) };
  await writeFile(join(folder, file), `${JSON.stringify(content)}\n`);
  return file;
}
