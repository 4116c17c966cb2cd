import { describe, expect, it, onTestFinished } from 'vitest';
import { STANDARD_AUGMENTATION } from '../src/augment.ts';
import type { Batch } from '../src/batch.ts';
import { type BatchOptions, createBatches, epochOrder } from '../src/batches.ts';
import { allIndices, type Dataset, splitIndices, takeRows } from '../src/dataset.ts';
import { datasetOf, ferLikeRows } from './helpers/fer-like.ts';

const SIZE = 6;
const DATASET = datasetOf(ferLikeRows({ rows: 50, size: SIZE }));
const TRAINING = splitIndices(DATASET, 'Training');
const PLAIN: BatchOptions = { batchSize: 8, width: SIZE, height: SIZE };
const FULL: BatchOptions = {
  ...PLAIN,
  width: 5,
  height: 5,
  seed: 42,
  shuffle: true,
  epochs: 3,
  recipe: (epoch) => ({
    augment: STANDARD_AUGMENTATION,
    labelSmoothing: 0.1,
    ...(epoch < 2 && { mixup: { alpha: 0.4 } }),
  }),
};

async function collect(indices: Uint32Array, options: BatchOptions, dataset: Dataset = DATASET): Promise<Batch[]> {
  const batches = createBatches(dataset, indices, options);
  onTestFinished(() => batches.close());
  const all: Batch[] = [];
  for (let batch = await batches.next(); batch; batch = await batches.next()) all.push(batch);
  return all;
}

function rowsOf(batches: readonly Batch[]): number[] {
  return batches.flatMap((batch) => [...batch.rows]);
}

describe('createBatches', () => {
  it('hands out pixels and one-hot targets in order, the last batch smaller', async () => {
    const batches = await collect(TRAINING, PLAIN);
    expect(batches.map(({ epoch, index, size }) => [epoch, index, size])).toEqual([
      [0, 0, 8],
      [0, 1, 8],
      [0, 2, 8],
      [0, 3, 6],
    ]);
    expect(rowsOf(batches)).toEqual([...TRAINING]);
    expect(batches.flatMap(({ pixels }) => [...pixels])).toEqual([...DATASET.pixels.subarray(0, 30 * SIZE * SIZE)]);
    const targets = batches.flatMap(({ targets }) => [...targets]);
    expect(targets).toEqual(Array.from({ length: 30 * 7 }, (_, i) => Number(i % 7 === Math.floor(i / 7) % 7)));
    expect(batches[0]).not.toHaveProperty('votes');
  });

  it('reads shared memory as it is, and gives the same from a copy', async () => {
    const inShared = takeRows(DATASET, allIndices(DATASET));
    expect(inShared.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(DATASET.pixels.buffer).toBeInstanceOf(ArrayBuffer);
    expect(await collect(TRAINING, FULL, inShared)).toEqual(await collect(TRAINING, FULL));
  });

  it('sees each row once an epoch, in another order each time, by seed', async () => {
    const batches = await collect(TRAINING, FULL);
    const epochs = [0, 1, 2].map((epoch) => rowsOf(batches.filter((batch) => batch.epoch === epoch)));
    for (const rows of epochs) expect(rows.toSorted((a, b) => a - b)).toEqual([...TRAINING]);
    expect(epochs[0]).toEqual([...epochOrder(TRAINING, 42, 0)]);
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(epochOrder(TRAINING, 43, 0)).not.toEqual(epochOrder(TRAINING, 42, 0));
  });

  it('gives the same batches from any start as from the beginning', async () => {
    const all = await collect(TRAINING, FULL);
    const later = await collect(TRAINING, { ...FULL, start: { epoch: 1, batch: 2 } });
    expect(all.length).toBe(12);
    expect(later).toEqual(all.slice(6));
    const other = await collect(TRAINING, { ...FULL, seed: 7 });
    expect(other[0]!.pixels).not.toEqual(all[0]!.pixels);
  });

  it('augments the same row anew each epoch', async () => {
    const options = { ...PLAIN, epochs: 2, recipe: { augment: STANDARD_AUGMENTATION } };
    const [first, second] = await collect(TRAINING.subarray(0, 8), options);
    expect(first!.rows).toEqual(second!.rows);
    expect(first!.pixels).not.toEqual(second!.pixels);
    expect(first!.targets).toEqual(second!.targets);
  });

  it('drops the last batch where asked, and refuses to have none', async () => {
    const batches = await collect(TRAINING, { ...PLAIN, dropLast: true });
    expect(batches.map(({ size }) => size)).toEqual([8, 8, 8]);
    const bad = (code: string) => expect.objectContaining({ code });
    expect(() => createBatches(DATASET, TRAINING, { ...PLAIN, batchSize: 31, dropLast: true })).toThrow(
      bad('EMPTY_SELECTION'),
    );
    expect(() => createBatches(DATASET, new Uint32Array(0), PLAIN)).toThrow(bad('EMPTY_SELECTION'));
    expect(() => createBatches(DATASET, TRAINING, { ...PLAIN, batchSize: 0 })).toThrow(bad('BAD_OPTION'));
    expect(() => createBatches(DATASET, Uint32Array.of(50), PLAIN)).toThrow(bad('BAD_OPTION'));
    for (const name of ['teacher', 'voteLabels']) {
      expect(() => createBatches(DATASET, TRAINING, { ...PLAIN, [name]: new Float32Array(3) })).toThrow(
        bad('BAD_OPTION'),
      );
    }
    expect(() => createBatches(DATASET, TRAINING, { ...PLAIN, width: 0 })).toThrow(bad('BAD_OPTION'));
  });

  it('spreads labels', async () => {
    const [batch] = await collect(Uint32Array.of(3), { ...PLAIN, recipe: { labelSmoothing: 0.14 } });
    [0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02].forEach((value, i) => {
      expect(batch!.targets[i]).toBeCloseTo(value, 6);
    });
  });

  it('hands out votes with their weight, a teacher and labels by votes', async () => {
    const votes = new Uint8Array(500);
    votes.set([1, 3, 0, 0, 0, 0, 0, 0, 6, 0], 10); // row 1
    votes.set([0, 0, 0, 0, 0, 0, 0, 0, 2, 8], 20); // row 2: not a face
    const teacher = Float32Array.from({ length: 350 }, (_, i) => i);
    const options = { ...PLAIN, teacher, voteLabels: teacher.map((value) => -value) };
    const [batch] = await collect(Uint32Array.of(1, 2), options, { ...DATASET, votes });
    expect([...batch!.votes!]).toEqual([0.25, 0.75, ...new Array(14).fill(0)]);
    expect([...batch!.voteWeights!]).toEqual([1, 0]);
    expect([...batch!.teacher!]).toEqual([...teacher.subarray(7, 21)]);
    expect([...batch!.voteLabels!]).toEqual([...teacher.subarray(7, 21)].map((value) => -value));
  });
});

describe('mixup', () => {
  // Every picture is flat with a value of its own, so that lambda can be read from the pixels.
  const flat: Dataset = { ...DATASET, pixels: Uint8Array.from({ length: 50 * 36 }, (_, i) => 4 * Math.floor(i / 36)) };
  const votes = Uint8Array.from({ length: 500 }, (_, i) => (i % 10 === Math.floor(i / 10) % 7 ? 10 : 0));
  const indices = allIndices(flat).slice(0, 7);

  it('mixes pixels, targets, votes, teacher and labels by votes by the same share', async () => {
    const teacher = Float32Array.from({ length: 350 }, (_, i) => Number(i % 7 === Math.floor(i / 7) % 7));
    const options = { ...PLAIN, epochs: 5, teacher, voteLabels: teacher, recipe: { mixup: { alpha: 1 } } };
    const batches = await collect(indices, options, { ...flat, votes });
    const shares = batches.map((batch) => {
      for (let row = 0; row < 7; row++) {
        const target = batch.targets.subarray(row * 7, row * 7 + 7);
        const mean = target.reduce((sum, share, value) => sum + share * 4 * value, 0);
        expect(batch.pixels[row * 36]).toBeCloseTo(mean, 3);
        expect(target.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
        expect(batch.teacher!.subarray(row * 7, row * 7 + 7)).toEqual(target);
        expect(batch.voteLabels!.subarray(row * 7, row * 7 + 7)).toEqual(target);
        expect(batch.votes!.subarray(row * 8, row * 8 + 7)).toEqual(target);
      }
      return Math.max(...batch.targets);
    });
    expect(new Set(shares).size).toBe(5);
    expect(shares.some((share) => share < 0.95)).toBe(true);
  });

  it('weighs the votes of pictures that have some', async () => {
    const silent = votes.slice().fill(0, 0, 40); // rows 0 to 3
    const [batch] = await collect(indices, { ...PLAIN, recipe: { mixup: { alpha: 1 } } }, { ...flat, votes: silent });
    for (let row = 0; row < 7; row++) {
      const target = batch!.targets.subarray(row * 7, row * 7 + 7);
      const voiced = target.subarray(4).reduce((sum, share) => sum + share, 0);
      const total = batch!.votes!.subarray(row * 8, row * 8 + 8).reduce((sum, share) => sum + share, 0);
      expect(batch!.voteWeights![row]).toBeCloseTo(voiced, 6);
      expect(total).toBeCloseTo(voiced > 0 ? 1 : 0, 6);
    }
  });

  it('happens in the share of batches asked for', async () => {
    const options = { ...PLAIN, epochs: 60, recipe: { mixup: { alpha: 1, probability: 0.5 } } };
    const batches = await collect(indices, options, flat);
    const plain = batches.filter((batch) => batch.targets.every((share) => share === 0 || share === 1));
    expect(plain.length).toBeGreaterThan(18);
    expect(plain.length).toBeLessThan(42);
  });
});

describe('cutmix', () => {
  // Every picture is flat with a value of its own, so that each pixel tells whose it is.
  const flat: Dataset = { ...DATASET, pixels: Uint8Array.from({ length: 50 * 36 }, (_, i) => 4 * Math.floor(i / 36)) };
  const indices = allIndices(flat).slice(0, 7);

  it('puts one box of another picture into each and mixes all that is known by the area', async () => {
    const teacher = Float32Array.from({ length: 350 }, (_, i) => Number(i % 7 === Math.floor(i / 7) % 7));
    const options = { ...PLAIN, epochs: 40, teacher, voteLabels: teacher, recipe: { cutmix: { alpha: 1 } } };
    const batches = await collect(indices, options, flat);
    const boxes = new Set<string>();
    for (const batch of batches) {
      const changed = [...batch.pixels].map((value, at) => value !== 4 * Math.floor(at / 36));
      for (let row = 0; row < 7; row++) {
        const owners = [...batch.pixels.subarray(row * 36, row * 36 + 36)].map((value) => value / 4);
        const shares = Array.from({ length: 7 }, (_, owner) => owners.filter((of) => of === owner).length / 36);
        const target = batch.targets.subarray(row * 7, row * 7 + 7);
        shares.forEach((share, owner) => {
          expect(target[owner]).toBeCloseTo(share, 5);
        });
        expect(shares.filter((share) => share > 0).length).toBeLessThanOrEqual(2);
        expect(batch.teacher!.subarray(row * 7, row * 7 + 7)).toEqual(target);
        expect(batch.voteLabels!.subarray(row * 7, row * 7 + 7)).toEqual(target);
      }
      boxes.add(isBox(changed.slice(0, 36)) ? changed.slice(0, 36).join() : 'no box');
    }
    expect(boxes.has('no box')).toBe(false);
    expect(boxes.size).toBeGreaterThan(10);
  });

  it('is left out where mixup mixes the batch', async () => {
    const recipe = { mixup: { alpha: 1, probability: 0.5 }, cutmix: { alpha: 1 } };
    const batches = await collect(indices, { ...PLAIN, epochs: 60, recipe }, flat);
    const isMixed = batches.map(({ pixels }) => {
      const first = pixels.subarray(0, 36);
      return first.every((value) => value === first[0]);
    });
    const mixed = isMixed.filter(Boolean).length;
    expect(mixed).toBeGreaterThan(18);
    expect(mixed).toBeLessThan(50);
  });

  it('happens in the share of batches asked for', async () => {
    const recipe = { cutmix: { alpha: 1, probability: 0.5 } };
    const batches = await collect(indices, { ...PLAIN, epochs: 60, recipe }, flat);
    const plain = batches.filter((batch) => batch.targets.every((share) => share === 0 || share === 1));
    expect(plain.length).toBeGreaterThan(18);
    expect(plain.length).toBeLessThan(48);
  });
});

/** Whether the marked pixels of a 6x6 picture, none at all too, are a box. */
function isBox(marked: readonly boolean[]): boolean {
  const places = marked.flatMap((isMarked, at) => (isMarked ? [[at % 6, Math.floor(at / 6)] as const] : []));
  const spread = (axis: 0 | 1) => new Set(places.map((place) => place[axis]));
  const [columns, rows] = [spread(0), spread(1)];
  const isUnbroken = (set: Set<number>) => set.size === 0 || Math.max(...set) - Math.min(...set) + 1 === set.size;
  return places.length === columns.size * rows.size && isUnbroken(columns) && isUnbroken(rows);
}

describe('the thread', () => {
  it('answers several that wait at once, in order, and undefined after the end', async () => {
    const batches = createBatches(DATASET, TRAINING, PLAIN);
    onTestFinished(() => batches.close());
    const answers = await Promise.all(Array.from({ length: 6 }, () => batches.next()));
    expect(answers.map((batch) => batch?.index)).toEqual([0, 1, 2, 3, undefined, undefined]);
    expect(await batches.next()).toBeUndefined();
    expect(batches.perEpoch).toBe(4);
  });

  it('ends when closed, also for one who waits', async () => {
    const batches = createBatches(DATASET, TRAINING, { ...PLAIN, epochs: 1_000_000 });
    const waiting = batches.next();
    await batches.close();
    expect([undefined, 0]).toContain((await waiting)?.index);
    expect(await batches.next()).toBeUndefined();
  });

  it('tells why a batch could not be made', async () => {
    const recipe = () => ({ augment: { crop: { random: true, size: -1 } } });
    const batches = createBatches(DATASET, TRAINING, { ...PLAIN, recipe });
    onTestFinished(() => batches.close());
    const failure = { code: 'WORKER_FAILED', message: expect.stringContaining('a crop of -1 pixels is not possible') };
    await expect(batches.next()).rejects.toMatchObject(failure);
    await expect(batches.next()).rejects.toMatchObject(failure);
  });
});
