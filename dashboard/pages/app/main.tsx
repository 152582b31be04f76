/** The dashboard's pages, in a browser. */
import { render } from "preact";
import { App } from "./shell/app.tsx";
import { followTime } from "./state/now.ts";
import { followAddress } from "./state/route.ts";
import { askWho } from "./state/session.ts";
import { readTheme } from "./state/theme.ts";

readTheme();
followAddress();
followTime();
void askWho();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
