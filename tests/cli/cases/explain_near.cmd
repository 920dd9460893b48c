fundwatch explain unknwon-list
