import { readCorrectionFile } from '@mememoji/server/loop/correction-source';
import { importCorrections } from '@mememoji/server/loop/import-corrections';
import { openStore } from '@mememoji/server/store/store';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { storeConfig } from './source.ts';

/** `mememoji feedback import` */
export async function importFeedback(file: string, command: Command, context: Context): Promise<void> {
  const store = await openStore(await storeConfig(command, context));
  const { added, known } = await importCorrections(store, readCorrectionFile(file)).finally(() => store.close());
  context.stdout.write(`${added} corrections were added, ${known} were there already\n`);
}
