/* github */
typedef int github_is_empty;
