// Debian's Chromium (or the one CHROMIUM names) under playwright-core.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';

/** Why there is no browser, or "" when there is one. */
export const noBrowser = existsSync(executablePath) ? '' : `no browser at ${executablePath}; install chromium or set CHROMIUM`;

export const launch = () => chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'] });
