fundwatch help --words
fundwatch help --words alerts list
