import type { ImageAnalyzer } from './analysis/image-analyzer.ts';
import type { AnalysisQueue } from './analysis/queue.ts';
import type { ServerConfig } from './config/options.ts';
import type { ImageFetcher } from './http/fetch-image.ts';
import type { ImageFiles } from './store/image-files.ts';
import type { Store } from './store/store.ts';

/** What routes and jobs work with. Who makes these parts closes them. */
export interface Services {
  config: ServerConfig;
  store: Store;
  /** Where kept images lie. */
  files: ImageFiles;
  analyzer: ImageAnalyzer;
  /** The way to the analyzer that keeps the order: `analyze` for requests, `analyzeInBackground` for jobs. */
  queue: AnalysisQueue;
  /** Gets images from addresses; undefined where that is switched off. */
  fetchImage: ImageFetcher | undefined;
  /** The time; tests have their own. */
  clock: () => Date;
}
