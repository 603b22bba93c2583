/* journal */
typedef int journal_is_empty;
