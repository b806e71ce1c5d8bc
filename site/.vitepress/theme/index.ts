/** VitePress's own theme without its fonts, in the colours of the project's reports. */
import DefaultTheme from "vitepress/theme-without-fonts";
import "./style.css";

export default DefaultTheme;
