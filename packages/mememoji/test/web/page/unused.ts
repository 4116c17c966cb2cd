/** A page that has the entry, and never calls it: a bundler finds out that nobody asks for what is exported. */
import { createWebAnalyzer } from 'mememoji/web';

export const neverCalled = () => createWebAnalyzer();

document.title = 'nothing used';
