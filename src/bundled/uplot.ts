/** Curves of the dashboard's page; the build puts its style sheet beside it. */
export { default } from "uplot";
