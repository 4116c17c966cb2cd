import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import type { PixelImage } from '@mememoji/vision/image';
import type { Face } from '@mememoji/vision/result';
import { sql } from 'kysely';
import { decodeImage } from 'mememoji/decode';
import type { ImageFiles } from '../store/image-files.ts';
import type { Store } from '../store/store.ts';
import type { Correction, FaceCrop } from './correction.ts';
import { cropForTraining, trainingSide } from './crop.ts';

/** Where corrections lie. */
export interface CorrectionSource {
  store: Pick<Store, 'db'>;
  files: Pick<ImageFiles, 'read'>;
}

/** Rows that are read at once. */
const PAGE = 200;
/** Kept images were accepted by the server already; this only bounds what a damaged file can do. */
const MOST_PIXELS = 200e6;

/**
 * All corrections of a store, one for each face: what was said of it last. Where the image is kept the face is cut out of it as
 * the classifier wants to see it; else the crop is taken that was kept in its place, if there is one.
 */
export async function* readCorrections(
  { store, files }: CorrectionSource,
  spec: Pick<ClassifierSpec, 'input' | 'framing'>,
): AsyncGenerator<Correction> {
  const images = new ImageReader(files);
  let after: Place = { prediction_id: '00000000-0000-0000-0000-000000000000', face_index: -1 };
  while (true) {
    const rows = await readPage(store, after);
    for (const row of rows) yield toCorrection(row, await cropOf(row, images, spec));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}

interface Place {
  prediction_id: string;
  face_index: number;
}

type Row = Awaited<ReturnType<typeof readPage>>[number];

function readPage({ db }: Pick<Store, 'db'>, { prediction_id, face_index }: Place) {
  return db
    .selectFrom('feedback as said')
    .innerJoin('predictions', 'predictions.id', 'said.prediction_id')
    .innerJoin('faces', (join) =>
      join.onRef('faces.prediction_id', '=', 'said.prediction_id').onRef('faces.face_index', '=', 'said.face_index'),
    )
    .leftJoin('images', 'images.prediction_id', 'said.prediction_id')
    .leftJoin('face_crops as crops', (join) =>
      join.onRef('crops.prediction_id', '=', 'said.prediction_id').onRef('crops.face_index', '=', 'said.face_index'),
    )
    .distinctOn(['said.prediction_id', 'said.face_index'])
    .select(['said.prediction_id', 'said.face_index', 'said.expression', 'said.created_at as said_at'])
    .select(['predictions.created_at as predicted_at', 'predictions.model', 'predictions.width', 'predictions.height'])
    .select(['faces.face', 'images.file', 'images.sha256'])
    .select(['crops.pixels', 'crops.side', 'crops.image_sha256'])
    .where(sql<boolean>`(said.prediction_id, said.face_index) > (${prediction_id}::uuid, ${face_index}::int)`)
    .orderBy('said.prediction_id')
    .orderBy('said.face_index')
    .orderBy('said.created_at', 'desc')
    .limit(PAGE)
    .execute();
}

function toCorrection(row: Row, crop: FaceCrop | undefined): Correction {
  return {
    prediction: row.prediction_id,
    predictedAt: row.predicted_at,
    model: row.model,
    image: { width: row.width, height: row.height },
    face: row.face,
    expression: toExpression(row.expression),
    saidAt: row.said_at,
    crop,
  };
}

/** The table's own check lets nothing else in. */
function toExpression(text: string): Expression {
  return EXPRESSIONS.find((expression) => expression === text)!;
}

async function cropOf(
  row: Row,
  images: ImageReader,
  spec: Pick<ClassifierSpec, 'input' | 'framing'>,
): Promise<FaceCrop | undefined> {
  const image = row.file === null ? undefined : await images.read(row.file);
  if (image !== undefined && row.sha256 !== null) return cutFace(image, row.face, row.sha256, spec);
  const { pixels, side, image_sha256: imageSha256 } = row;
  return pixels === null || side === null || imageSha256 === null
    ? undefined
    : { pixels: new Uint8Array(pixels), side, imageSha256 };
}

/** A face of an upright image as a picture to train on. */
export function cutFace(
  image: PixelImage,
  face: Pick<Face, 'box' | 'landmarks'>,
  imageSha256: string,
  spec: Pick<ClassifierSpec, 'input' | 'framing'>,
): FaceCrop {
  return { pixels: cropForTraining(image, face, spec), side: trainingSide(spec), imageSha256 };
}

/** Faces of one image come one after the other: it is decoded once. */
class ImageReader {
  readonly #files: Pick<ImageFiles, 'read'>;
  #key: string | undefined;
  #image: PixelImage | undefined;

  constructor(files: Pick<ImageFiles, 'read'>) {
    this.#files = files;
  }

  /** Undefined if the file is gone, as it is at the end of its retention period, or damaged. */
  async read(key: string): Promise<PixelImage | undefined> {
    if (key === this.#key) return this.#image;
    const bytes = await this.#files.read(key);
    this.#key = key;
    this.#image = bytes === undefined ? undefined : await decodeImage(bytes, MOST_PIXELS).catch(() => undefined);
    return this.#image;
  }
}
