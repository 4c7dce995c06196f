/** Mounts the page, and opens what was mailed in it. */

import { render } from 'preact';
import { openMailed } from './mailed.ts';
import { Shell } from './shell.tsx';

const page = document.getElementById('page');
if (page !== null) render(<Shell />, page);
void openMailed();
