import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/base.css';
import './style/board.css';
import './style/pages.css';
import { App } from './app';
import { start } from './live/store';
import { startRouter } from './route';
import { startTheme } from './theme';

startTheme();
startRouter();
render(<App />, document.getElementById('board')!);
start();
