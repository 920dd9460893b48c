fundwatch chekc
