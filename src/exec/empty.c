/* exec */
typedef int exec_is_empty;
