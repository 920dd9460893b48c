fundwatch explain unknown-list; fundwatch explain --lang en unknown-list
