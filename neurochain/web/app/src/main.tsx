import { render } from "preact";
import { App } from "./App";
import { follow } from "./route";
import { show, theme } from "./theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/code.css";
import "./styles/states.css";
import "./styles/shell.css";
import "./styles/table.css";
import "./styles/views.css";
import "./styles/lineage.css";
import "./styles/jobs.css";

show(theme.value);
follow();
render(<App />, document.getElementById("page")!);
