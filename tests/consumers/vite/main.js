import 'despoof/element';
