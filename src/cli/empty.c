/* cli */
typedef int cli_is_empty;
