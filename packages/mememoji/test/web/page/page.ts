/** Gives tests the entry as a page sees it, after a bundler. */
import { createWebAnalyzer } from 'mememoji/web';

declare global {
  interface Window {
    createWebAnalyzer: typeof createWebAnalyzer;
  }
}

window.createWebAnalyzer = createWebAnalyzer;
